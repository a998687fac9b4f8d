namespace Kopis.Simulation.Tests;

/// <summary>A change of one directory entry that the disk may not have yet.</summary>
/// <param name="Directory">The directory.</param>
/// <param name="Name">The entry.</param>
/// <param name="File">What it names from then on; null where it is removed.</param>
/// <param name="Operation">Changes of one operation have the same number.</param>
internal readonly record struct NameChange(
    string Directory, string Name, SimulatedFile? File, int Operation);
