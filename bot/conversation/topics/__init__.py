"""The topics of the conversation, one module each: who asks and what, in; what to answer, out."""
