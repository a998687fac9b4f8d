namespace Kopis.Fuzz;

/// <summary>Something that has to hold for every input does not hold for this one.</summary>
public sealed class FuzzFailureException(string message) : Exception(message);
