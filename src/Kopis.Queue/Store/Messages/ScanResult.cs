namespace Kopis.Queue.Store.Messages;

/// <summary>What <see cref="MessageScanner.Next"/> found.</summary>
public enum ScanResult
{
    /// <summary>Nothing more so far.</summary>
    End,

    /// <summary>A valid message: see <see cref="MessageScanner.Current"/>.</summary>
    Message,

    /// <summary>Damaged bytes were skipped: see <see cref="MessageScanner.Damage"/>.</summary>
    Damaged,
}
