from hypothesis import settings

settings.register_profile("tests", deadline=None, max_examples=25, derandomize=True)
settings.register_profile(
    "long", settings.get_profile("tests"), stateful_step_count=1000
)
settings.load_profile("tests")
