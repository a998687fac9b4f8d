using Kopis.Base;

namespace Kopis;

/// <summary>Every program of the binary: the one list that links, help and pages follow.</summary>
internal static class ProgramTable
{
    internal static readonly ProgramEntry[] All =
    [
        // Rows in the order of a message's way.
    ];

    internal static ProgramEntry? Find(string name) =>
        Array.Find(All, entry => entry.Name == name);
}
