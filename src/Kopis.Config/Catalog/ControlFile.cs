namespace Kopis.Config.Catalog;

/// <summary>A row of the catalogue: one file of <c>auth</c>, <c>control</c> or <c>users</c>, with
/// its meaning, its readers, and when they read it. The class of the row says how it is read.
/// </summary>
/// <param name="name">The file's name.</param>
public abstract class ControlFile(string name)
{
    /// <summary>The file's name.</summary>
    public string Name { get; } = name;

    /// <summary>The directory below the home that holds it.</summary>
    public string Folder { get; init; } = "control";

    /// <summary>Whether qmail has this file.</summary>
    public bool IsQmails { get; init; }

    /// <summary>The manual pages of the programs that read it, separated by spaces.</summary>
    public required string Readers { get; init; }

    /// <summary>When a change takes effect.</summary>
    public required Reread Reread { get; init; }

    /// <summary>What to run after a change, as the middle of a sentence; empty for nothing.
    /// </summary>
    public string Once { get; init; } = "";

    /// <summary>What qmail-showctl prints about a value, which replaces <c>{}</c>. For qmail's own
    /// files it is qmail's text to the letter.</summary>
    public string Says { get; init; } = "";

    /// <summary>Sentences for the manual pages. The first says what the file is for.</summary>
    public required string Text { get; init; }

    /// <summary>A description of the file's content, for people.</summary>
    public abstract string Shape { get; }

    /// <summary>A description of what applies without the file, for people.</summary>
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
