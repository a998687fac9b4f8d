namespace Kopis.Server.Checks;

/// <summary>What is wrong with a client's HELO name.</summary>
internal enum HeloFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It is neither a name with a dot nor an address in brackets (RFC 5321 §4.1.3), or
    /// there is none.</summary>
    NoName,

    /// <summary>It is the name of this host.</summary>
    OurName,

    /// <summary>It is an address of this host.</summary>
    OurAddress,
}
