namespace Kopis.Mail.Addresses;

/// <summary>What sendmail's kind of forwarding line may name.</summary>
public enum ForwardTargetKind
{
    /// <summary>An address; without a host where the host is null.</summary>
    Address,

    /// <summary><c>|command</c>, without the bar.</summary>
    Program,

    /// <summary><c>:include:file</c>: the file's name.</summary>
    Include,

    /// <summary><c>/file</c> or <c>./file</c>.</summary>
    File,
}
