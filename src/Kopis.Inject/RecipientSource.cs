namespace Kopis.Inject;

/// <summary>Where qmail-inject takes the recipients from: -a, -h, -A or -H.</summary>
internal enum RecipientSource
{
    /// <summary>The arguments if there are any, else the header.</summary>
    Either,

    /// <summary>Only the arguments.</summary>
    Arguments,

    /// <summary>Only the header.</summary>
    Header,

    /// <summary>Both the arguments and the header.</summary>
    Both,
}
