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

    /// <summary>Invalid commands, and recipients refused permanently.</summary>
    Errors,
}
