namespace Kopis.Send;

/// <summary>What qmail-send does on signals (contract §2.2).</summary>
[Flags]
internal enum SendSignal : byte
{
    None = 0,

    /// <summary>SIGTERM: start nothing more, finish what runs.</summary>
    Terminate = 1,

    /// <summary>SIGHUP: read locals and virtualdomains again.</summary>
    Reread = 2,

    /// <summary>SIGALRM: everything is due now.</summary>
    RunAll = 4,
}
