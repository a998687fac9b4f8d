namespace Kopis.Server.Plugins;

/// <summary>The last command of a plugin's output: what follows from all of it.</summary>
internal enum PluginEnd
{
    /// <summary>None: the next plugin runs.</summary>
    None,

    /// <summary>A: no plugin runs any more in this session.</summary>
    Accept,

    /// <summary>N: no further plugin runs for this command.</summary>
    Next,

    /// <summary>O: as N, and lists and rcpthosts do not count.</summary>
    Okay,

    /// <summary>E: the command is refused.</summary>
    Error,

    /// <summary>R: it is refused and the session ends.</summary>
    Reject,

    /// <summary>D: the session ends without a reply.</summary>
    Drop,
}
