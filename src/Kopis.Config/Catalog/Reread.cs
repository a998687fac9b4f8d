namespace Kopis.Config.Catalog;

/// <summary>When a change of a control file takes effect.</summary>
public enum Reread
{
    /// <summary>When the program starts.</summary>
    Start,

    /// <summary>At once; the file is read each time it is needed.</summary>
    Use,

    /// <summary>For the next connection.</summary>
    Connection,

    /// <summary>For the next message.</summary>
    Message,

    /// <summary>In qmail-send on SIGHUP, and for the next new message.</summary>
    Hangup,

    /// <summary>In qmail-send on SIGHUP.</summary>
    Signal,
}
