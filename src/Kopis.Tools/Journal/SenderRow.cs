namespace Kopis.Tools.Journal;

/// <summary>How much one sender has sent.</summary>
/// <param name="name">The sender, as in the journal.</param>
public sealed class SenderRow(string name)
{
    /// <summary>The sender.</summary>
    public string Name => name;

    /// <summary>How many messages.</summary>
    public long Messages { get; internal set; }

    /// <summary>How many recipients they have.</summary>
    public long Recipients { get; internal set; }

    /// <summary>Their size in bytes, counted once for each message whatever its recipients.
    /// </summary>
    public long Bytes { get; internal set; }
}
