namespace Kopis.Server.Checks;

/// <summary>What a failed check leads to.</summary>
internal enum CheckAction
{
    /// <summary>The check is not made.</summary>
    Off,

    /// <summary>The result is written into the message.</summary>
    Tag,

    /// <summary>As Tag; and a message that fails is refused if its domain asks for that.</summary>
    Policy,

    /// <summary>As Tag; and a message that fails is deferred.</summary>
    Defer,

    /// <summary>As Tag; and a message that fails is refused.</summary>
    Reject,
}
