using Kopis.Mail.Authentication.Dkim;
using Kopis.Mail.Authentication.Dmarc;
using Kopis.Mail.Authentication.Results;
using Kopis.Mail.Authentication.Spf;

namespace Kopis.Server.Checks;

/// <summary>The results of a message's checks; null for a check that was not made.</summary>
/// <param name="ReverseName">The result for the client's address.</param>
/// <param name="Spf">The result for MAIL FROM, or for HELO if that is empty.</param>
/// <param name="Dkim">The results for its signatures, from the top.</param>
/// <param name="Dmarc">The result for the domain of From.</param>
internal sealed record CheckResults(
    ReverseNameCheck? ReverseName, SpfCheck? Spf, IReadOnlyList<DkimCheck>? Dkim,
    DmarcCheck? Dmarc);
