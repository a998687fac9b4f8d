namespace Kopis.Send;

/// <summary>What queue/state remembers of a message.</summary>
internal sealed class SavedMessage
{
    /// <summary>A Live record named it.</summary>
    internal bool IsLive { get; set; }

    /// <summary>It is finished.</summary>
    internal bool IsEnded { get; set; }

    internal long LocalDue { get; set; }

    internal long RemoteDue { get; set; }

    /// <summary>Indices of recipients that need nothing more.</summary>
    internal HashSet<int> Done { get; } = [];
}
