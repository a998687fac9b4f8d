namespace Kopis.Config.Catalog;

/// <summary>
/// A row of the catalogue: one file of <c>control</c> or <c>users</c>, what it means, who reads it
/// and when. Its kind says how it is read.
/// </summary>
/// <param name="name">The file's name.</param>
public abstract class ControlFile(string name)
{
    /// <summary>The file's name.</summary>
    public string Name { get; } = name;

    /// <summary>The directory of the home that it is in.</summary>
    public string Folder { get; init; } = "control";

    /// <summary>Whether qmail has this file.</summary>
    public bool IsQmails { get; init; }

    /// <summary>The pages of the programs that read it, with a space between two.</summary>
    public required string Readers { get; init; }

    /// <summary>When a change takes effect.</summary>
    public required Reread Reread { get; init; }

    /// <summary>What is to be run after a change, as a sentence's middle; empty where nothing is.
    /// </summary>
    public string Once { get; init; } = "";

    /// <summary>What qmail-showctl says of a value, which stands at <c>{}</c>; of qmail's own files
    /// to the letter.</summary>
    public string Says { get; init; } = "";

    /// <summary>For manual pages: sentences, of which the first says what the file is for.
    /// </summary>
    public required string Text { get; init; }

    /// <summary>What is in it, for people.</summary>
    public abstract string Shape { get; }

    /// <summary>What counts without it, for people.</summary>
    public abstract string Default { get; }

    /// <summary>When a change takes effect, for people.</summary>
    public string Effect => Reread switch
    {
        _ when Once.Length > 0 => $"once {Once}",
        Reread.Start => "when the program starts again",
        Reread.Connection => "for the next connection",
        Reread.Message => "for the next message",
        Reread.Signal => "in qmail-send(8) on SIGHUP",
        Reread.Hangup => "for the next new message, and in qmail-send(8) on SIGHUP",
        _ => "at once",
    };

    /// <summary>The first sentence of the text.</summary>
    public string Summary =>
        Text[..(Text.IndexOf(". ", StringComparison.Ordinal) is >= 0 and int end
            ? end + 1 : Text.Length)];

    /// <summary>Directory and name.</summary>
    public override string ToString() => $"{Folder}/{Name}";
}
