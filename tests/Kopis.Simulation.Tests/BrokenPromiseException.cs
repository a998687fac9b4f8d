namespace Kopis.Simulation.Tests;

/// <summary>An invariant of the queue or of Maildirs does not hold.</summary>
internal sealed class BrokenPromiseException(string message) : Exception(message);
