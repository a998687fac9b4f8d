namespace Kopis.Send.Scheduling.Destinations;

/// <summary>What an attempt says about its destination.</summary>
internal enum AttemptKind : byte
{
    /// <summary>Nothing: the attempt ended before a connection was tried, or the report does not
    /// say.</summary>
    Unknown,

    /// <summary>A server was there and judged the message or its recipients.</summary>
    Answered,

    /// <summary>A server was there and had no time for us: 421, 4yz before MAIL, or at MAIL
    /// where it is not about the sender.</summary>
    Busy,

    /// <summary>There was no connection, or it died or fell silent.</summary>
    Unreachable,
}
