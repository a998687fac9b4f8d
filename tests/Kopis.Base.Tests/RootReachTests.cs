using System.Text.RegularExpressions;

namespace Kopis.Base.Tests;

/// <summary>
/// What the processes of uid 0 can reach, in the two rooms of their code: from each of their
/// programs on, the types that the text of a file names, and those that theirs name. All of it is
/// counted (<see cref="TidyTests.RootsFiles"/>), or named here with the reason why it is not.
/// </summary>
public sealed partial class RootReachTests
{
    private static readonly string[] Rooms = ["Kopis.Host/Run", "Kopis.Local/Spawn"];

    /// <summary>Root's programs on an installed host, and what tcpserver calls as root.</summary>
    private static readonly string[] Programs =
    [
        "Kopis.Host/Run/QmailStartProgram.cs", "Kopis.Host/Run/Pop3Root.cs",
        "Kopis.Local/Spawn/QmailLspawnProgram.cs", "Kopis.Local/Spawn/QmailPopspawnProgram.cs",
    ];

    /// <summary>Named by root's code, and not root's; from there the search goes no further.
    /// </summary>
    private static readonly Dictionary<string, string> Exceptions = new()
    {
        ["Kopis.Local/Spawn/CommandLoop.cs"] =
            "The other half of qmail-lspawn, which has become qmails before it calls it.",
        ["Kopis.Host/Run/Succession.cs"] =
            "Only kopis run, which starts all its programs as one user, gives the supervisor one.",
        ["Kopis.Local/Spawn/ProgramPlaces.cs"] = "Of the half that is qmails, as CommandLoop.",
    };

    [Fact]
    public void All_that_root_reaches_is_counted()
    {
        Dictionary<string, string> texts = Rooms
            .SelectMany(room => SourceText.Files($"src/{room}"))
            .ToDictionary(
                path => Path.GetRelativePath(Path.Combine(Repository.Root, "src"), path),
                path => Quoted().Replace(SourceText.Read(path), ""));
        Dictionary<string, string> places = [];
        foreach ((string file, string text) in texts)
        {
            foreach (string type in SourceText.Types(text))
            {
                places.TryAdd(type, file);
            }
        }

        HashSet<string> reached = [.. Programs];
        Queue<string> left = new(Programs);
        while (left.TryDequeue(out string? file))
        {
            foreach (string word in SourceText.Words(texts[file]))
            {
                if (places.TryGetValue(word, out string? next) && reached.Add(next)
                    && !Exceptions.ContainsKey(next))
                {
                    left.Enqueue(next);
                }
            }
        }

        Assert.True(reached.Count > Programs.Length);
        Assert.Empty(reached.Except(TidyTests.RootsFiles).Except(Exceptions.Keys));
        Assert.Empty(Exceptions.Keys.Except(reached));

        // And what is counted in these rooms is reached: the list has nothing that root left.
        Assert.Empty(TidyTests.RootsFiles
            .Where(file => Rooms.Any(room => file.StartsWith(room, StringComparison.Ordinal)))
            .Except(reached));
    }

    [GeneratedRegex("\"(?:\\\\.|[^\"\\\\\n])*\"")]
    private static partial Regex Quoted();
}
