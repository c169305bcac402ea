"""Fine-tuning on real scans does what a person means, and no harm: `benchmarks/fine_tuning.py`, asserted."""

import pytest

MODELS = ("hippocampus-sgm", "hippocampus-hmedn")


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("model", MODELS)
def test_fine_tuning_takes_over_a_correction_that_was_made_in_eight_cases(scripts, shared_data, model):
    result = scripts("benchmarks/fine_tuning.py").correction(shared_data, model)
    assert len(result["cases"]) == 4
    for row in result["cases"]:
        assert row["dice_after"] - row["dice_before"] >= 0.05, row
        assert row["share_of_change"] >= 0.5, row


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("training", "most"), [(8, -0.002), (3, -0.004)])
@pytest.mark.parametrize("model", MODELS)
def test_fine_tuning_on_what_the_model_agrees_with_does_no_harm(scripts, shared_data, model, training, most):
    result = scripts("benchmarks/fine_tuning.py").nothing_to_correct(shared_data, model, training)
    assert (result["cases"], result["n"]) == (training, 10)
    assert result["change"] >= most, result
    assert result["interval"][1] is None or result["interval"][1] > 0, result
