namespace Kopis.Server.Plugins;

/// <summary>The last command in a plugin's output: what follows from it.</summary>
internal enum PluginEnd
{
    /// <summary>None: the next plugin runs.</summary>
    None,

    /// <summary>A: no plugin runs any more in this session.</summary>
    Accept,

    /// <summary>N: no more plugins run for this command.</summary>
    Next,

    /// <summary>O: as N, and lists and rcpthosts are not checked.</summary>
    Okay,

    /// <summary>E: the command is refused.</summary>
    Error,

    /// <summary>the command is refused and the session ends.</summary>
    Reject,

    /// <summary>D: the session ends without a reply.</summary>
    Drop,
}
