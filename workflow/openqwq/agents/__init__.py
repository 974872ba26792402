"""Multi-turn tool environments: episodes of a model that calls tools, judged by the state that it leaves behind."""
