namespace Kopis.Tools.Journal;

/// <summary>What one sender has sent.</summary>
/// <param name="name">It, as in the journal.</param>
public sealed class SenderRow(string name)
{
    /// <summary>Who it is.</summary>
    public string Name => name;

    /// <summary>Messages.</summary>
    public long Messages { get; internal set; }

    /// <summary>Their recipients.</summary>
    public long Recipients { get; internal set; }

    /// <summary>Their bytes, once each, however many recipients they have.</summary>
    public long Bytes { get; internal set; }
}
