"""Further questions to a plan: explanation, alternatives, fronts, samples, comparison, stress."""
