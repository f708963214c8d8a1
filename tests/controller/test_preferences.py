from napari_gnn_vos.controller.preferences import (
    MAX_RECENT,
    RECENT_FILE,
    RecentProjects,
)


def test_recent_projects_are_listed_once_and_the_latest_first(tmp_path):
    projects, recent = [tmp_path / f"{i}.gnnvos" for i in range(12)], RecentProjects()
    for path in projects:
        path.touch()
        recent.add(path)
    assert recent.paths == []
    recent.folder = tmp_path / "data"
    for path in (*projects, projects[5]):
        recent.add(path)
    latest = [projects[5], *projects[:5:-1], *projects[4:1:-1]]
    assert recent.paths == latest[:MAX_RECENT]
    latest[0].unlink()
    assert recent.paths == latest[1:MAX_RECENT]


def test_damaged_file_of_recent_projects_is_replaced(tmp_path):
    recent = RecentProjects()
    recent.folder = tmp_path
    (tmp_path / RECENT_FILE).write_text("{")
    assert recent.paths == []
    recent.add(tmp_path)
    assert recent.paths == [tmp_path]
