namespace Kopis.Server.Checks;

/// <summary>What follows from a check.</summary>
internal enum CheckAction
{
    /// <summary>Nothing is asked.</summary>
    Off,

    /// <summary>The result is written into the message.</summary>
    Tag,

    /// <summary>And a message that fails is refused where its domain asks for that.</summary>
    Policy,

    /// <summary>And a message that fails is refused for now.</summary>
    Defer,

    /// <summary>And a message that fails is refused.</summary>
    Reject,
}
