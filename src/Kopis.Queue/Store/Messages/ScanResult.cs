namespace Kopis.Queue.Store.Messages;

/// <summary>What <see cref="MessageScanner.Next"/> met.</summary>
public enum ScanResult
{
    /// <summary>Nothing more yet.</summary>
    End,

    /// <summary>A sound message: see <see cref="MessageScanner.Current"/>.</summary>
    Message,

    /// <summary>Damaged bytes were skipped: see <see cref="MessageScanner.Damage"/>.</summary>
    Damaged,
}
