namespace Kopis.Send.Scheduling;

/// <summary>What qmail-send knows of one recipient.</summary>
internal enum RecipientState : byte
{
    /// <summary>To be delivered.</summary>
    ToDo,

    /// <summary>A delivery runs.</summary>
    Running,

    /// <summary>Delivered or failed; nothing is left to do.</summary>
    Done,

    /// <summary>Tried in the pass that is open; to be delivered in the next one.</summary>
    Deferred,
}
