namespace Kopis.Fuzz;

/// <summary>A parser of foreign bytes, and what has to hold for whatever it is fed.</summary>
/// <param name="Name">The name of the target and of its corpus.</param>
/// <param name="Code">Types, or starts of their names, that it is there to cover.</param>
/// <param name="Run">Throws where something that must hold does not.</param>
public sealed record FuzzTarget(string Name, string[] Code, Action<byte[]> Run);
