namespace Kopis.Mail.Addresses;

/// <summary>The kinds of targets in a forwarding line of sendmail.</summary>
public enum ForwardTargetKind
{
    /// <summary>An address, which may have no host.</summary>
    Address,

    /// <summary><c>|command</c>, without the bar.</summary>
    Program,

    /// <summary><c>:include:file</c>: the file's name.</summary>
    Include,

    /// <summary><c>/file</c> or <c>./file</c>.</summary>
    File,
}
