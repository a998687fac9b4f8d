namespace Kopis.Simulation.Tests;

/// <summary>What a descriptor of a simulated process stands for.</summary>
internal sealed class OpenFile(string path, SimulatedFile file)
{
    internal string Path { get; } = path;

    internal SimulatedFile File { get; } = file;

    internal int Position { get; set; }

    /// <summary>The file's errors that this descriptor has reported.</summary>
    internal int SeenErrors { get; set; } = file.ErrorsSeen;
}
