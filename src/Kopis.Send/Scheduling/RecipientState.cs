namespace Kopis.Send.Scheduling;

/// <summary>The state of one recipient.</summary>
internal enum RecipientState : byte
{
    /// <summary>Waits for delivery.</summary>
    ToDo,

    /// <summary>A delivery runs.</summary>
    Running,

    /// <summary>Delivered or failed for good.</summary>
    Done,

    /// <summary>Tried in the open pass; the next pass tries it again.</summary>
    Deferred,
}
