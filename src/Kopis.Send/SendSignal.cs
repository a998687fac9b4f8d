namespace Kopis.Send;

/// <summary>The signals that qmail-send acts on (contract §2.2).</summary>
[Flags]
internal enum SendSignal : byte
{
    None = 0,

    /// <summary>SIGTERM: start no more deliveries, wait for those that run.</summary>
    Terminate = 1,

    /// <summary>SIGHUP: read locals, virtualdomains and the limits again.</summary>
    Reread = 2,

    /// <summary>SIGALRM: make everything due now.</summary>
    RunAll = 4,
}
