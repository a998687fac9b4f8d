namespace Kopis.Inject;

/// <summary>Where qmail-inject takes recipients from: -a, -h, -A, -H.</summary>
internal enum RecipientSource
{
    /// <summary>Arguments if there are any, else the header.</summary>
    Either,

    /// <summary>Arguments only.</summary>
    Arguments,

    /// <summary>The header only.</summary>
    Header,

    /// <summary>Both.</summary>
    Both,
}
