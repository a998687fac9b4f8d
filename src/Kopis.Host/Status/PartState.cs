namespace Kopis.Host.Status;

/// <summary>Whether a part of the host answers.</summary>
internal enum PartState : byte
{
    /// <summary>It is not there.</summary>
    Down,

    /// <summary>It is there, and did not answer in time.</summary>
    Silent,

    /// <summary>It has answered.</summary>
    Up,

    /// <summary>It is not wanted.</summary>
    Off,
}
