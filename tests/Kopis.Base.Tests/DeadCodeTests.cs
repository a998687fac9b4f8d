namespace Kopis.Base.Tests;

/// <summary>
/// Code that nothing uses, by its names: the name of a type, method, property, field or constant
/// of <c>src</c> stands somewhere besides where it is declared. A name that is used in one place
/// covers all that have it, so that some dead code is not found; what is found is dead.
/// </summary>
public sealed class DeadCodeTests
{
    /// <summary>What only tests and benchmarks use.</summary>
    private static readonly HashSet<string> OfTests =
    [
        "AddLogin", // What submission will use.
        "LocalBytesMax", // What others have to take, where a test looks at what they get.
        "BodyOffset", // That a body has a file of its own.
        "CanFilterCalls", // Whether the kernel has what a test is about.
        "IdleCount", "IsWritten", "MemoryHeld", // State that a test waits for.
        "OverPipes", // A connection without a socket.
        "TotalBytes", // What the length of a netstring is compared with.
    ];

    /// <summary>What the compiler calls by name, and names that are for readers alone.</summary>
    private static readonly HashSet<string> OfTheCompiler =
    [
        "AppendFormatted", // Of an interpolated string's handler.
        "Deconstruct", // Of an assignment to several.
        "BufferExtensions", "FileSystemPaths", // Of extension methods.
    ];

    // Fields there are the kernel's structures, whose places count.
    private const string KernelsStructures = "Kopis.Posix/Native.cs";

    [Fact]
    public void Everything_is_used()
    {
        Dictionary<string, int> declared = [];
        Dictionary<string, int> used = Uses("src");
        foreach (string path in SourceText.Files("src"))
        {
            if (path.EndsWith(KernelsStructures, StringComparison.Ordinal))
            {
                continue;
            }

            foreach (string name in SourceText.Members(SourceText.Read(path)))
            {
                declared[name] = declared.GetValueOrDefault(name) + 1;
            }
        }

        Assert.True(declared.Count > 2000, $"only {declared.Count} names are declared");
        string[] dead = [.. declared
            .Where(name => used.GetValueOrDefault(name.Key) <= name.Value)
            .Select(name => name.Key)];
        Assert.Empty(dead.Except(OfTests).Except(OfTheCompiler));
        Assert.Empty(OfTests.Concat(OfTheCompiler).Except(dead));

        Dictionary<string, int> tested = Uses("tests");
        Assert.All(OfTests, name => Assert.Contains(name, tested.Keys));
    }

    private static Dictionary<string, int> Uses(string folder) => SourceText.Files(folder)
        .SelectMany(path => SourceText.Words(SourceText.Read(path)))
        .GroupBy(word => word)
        .ToDictionary(word => word.Key, word => word.Count());
}
