namespace Kopis.Send.Tests;

/// <summary>Tests that measure how much memory is in use: nothing else may run beside them.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MemoryIsMeasured
{
    /// <summary>The collection's name.</summary>
    public const string Name = "Memory is measured";
}
