namespace Kopis.Mail.Authentication.Reports;

/// <summary>The policy that a report is about (RFC 9990 §3.1.1.5), in the words of its record.
/// Missing values are empty.</summary>
/// <param name="Domain">The domain of the record.</param>
public sealed record PublishedPolicy(string Domain)
{
    /// <summary>How it was found: psl or treewalk.</summary>
    public string Discovery { get; init; } = "";

    /// <summary>p=.</summary>
    public string Policy { get; init; } = "";

    /// <summary>sp=.</summary>
    public string SubdomainPolicy { get; init; } = "";

    /// <summary>np=.</summary>
    public string MissingPolicy { get; init; } = "";

    /// <summary>fo=.</summary>
    public string FailureOptions { get; init; } = "";

    /// <summary>adkim=: r or s.</summary>
    public string DkimAlignment { get; init; } = "";

    /// <summary>aspf=: r or s.</summary>
    public string SpfAlignment { get; init; } = "";

    /// <summary>t=: y or n.</summary>
    public string Testing { get; init; } = "";
}
