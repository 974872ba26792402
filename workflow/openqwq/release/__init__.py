"""A finished run as a folder that others load: weights, configuration, licences, model card; and its way to a hub."""
