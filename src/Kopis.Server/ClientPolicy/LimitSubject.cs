namespace Kopis.Server.ClientPolicy;

/// <summary>What is counted; in the order of <see cref="UseRecord"/>.</summary>
internal enum LimitSubject
{
    /// <summary>Connections.</summary>
    Connections,

    /// <summary>MAIL commands.</summary>
    Messages,

    /// <summary>RCPT commands.</summary>
    Recipients,

    /// <summary>Commands that make no sense, and recipients refused for good.</summary>
    Errors,
}
