namespace Kopis.Simulation.Tests;

/// <summary>Unwinds the code of a process that was killed; nothing in the product catches it.
/// </summary>
internal sealed class KilledException : Exception;
