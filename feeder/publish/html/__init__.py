"""The pages of the site: values in, text out."""
