using Kopis.Mail.Authentication.Dkim;
using Kopis.Mail.Authentication.Dmarc;
using Kopis.Mail.Authentication.Results;
using Kopis.Mail.Authentication.Spf;

namespace Kopis.Server.Checks;

/// <summary>What was found out about a message; null is what was not asked.</summary>
/// <param name="ReverseName">Of the client's address.</param>
/// <param name="Spf">Of MAIL FROM, or of HELO where that is empty.</param>
/// <param name="Dkim">Of its signatures, from the top.</param>
/// <param name="Dmarc">Of the domain of From.</param>
internal sealed record CheckResults(
    ReverseNameCheck? ReverseName, SpfCheck? Spf, IReadOnlyList<DkimCheck>? Dkim,
    DmarcCheck? Dmarc);
