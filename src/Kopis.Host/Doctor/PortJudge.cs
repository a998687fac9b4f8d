namespace Kopis.Host.Doctor;

/// <summary>Judges the facts about a port. No I/O.</summary>
/// <param name="me">The host's name.</param>
internal sealed class PortJudge(string me)
{
    /// <summary>Judges port 25 of this host.</summary>
    internal List<DoctorResult> Smtp(PortFacts facts)
    {
        Verdicts said = new(facts.Place);
        if (!said.Judge(
            "smtp.in", facts.Trouble is not null || facts.Greeting != 220,
            facts.Trouble ?? $"it answers {facts.Text.TrimEnd()}"))
        {
            return said.All;
        }

        string name = facts.Text.TrimEnd().Split(' ', '\n').ElementAtOrDefault(1) ?? "";
        if (facts.Text.StartsWith("220-", StringComparison.Ordinal))
        {
            name = facts.Text[4..].Split(' ', '\n')[0];
        }

        said.Judge(
            "smtp.name", !name.Equals(me, StringComparison.OrdinalIgnoreCase),
            $"it greets as {name}");
        if (facts.Relay is > 0 and < 400)
        {
            said.Judge("smtp.relay", true, $"RCPT TO:<{PortAsker.Stranger}> is accepted");
        }
        else if (facts.Relay >= 500)
        {
            said.Judge("smtp.relay", false, "");
        }
        else
        {
            said.Unknown("smtp.relay", $"RCPT is put off with {facts.Relay}");
        }

        if (said.Judge("smtp.starttls", !facts.OffersTls, "EHLO does not offer it")
            && said.Judge("smtp.tls", facts.TlsTrouble is not null, facts.TlsTrouble ?? ""))
        {
            said.Judge(
                "smtp.certificate", facts.HasName != true, $"it has not the name {me}");
        }

        return said.All;
    }

    /// <summary>Judges a port for users; one where nobody listens is not judged.</summary>
    internal List<DoctorResult> Users(string id, PortFacts facts)
    {
        Verdicts said = new(facts.Place);
        if (!facts.IsRefused)
        {
            string? wrong = facts.Trouble ?? facts.TlsTrouble
                ?? (facts.HasName is null ? "TLS is not offered"
                    : facts.HasName == false ? $"the certificate has not the name {me}" : null);
            said.Judge(id, wrong is not null, wrong ?? "");
        }

        return said.All;
    }

    /// <summary>Judges port 25 of another host.</summary>
    internal static List<DoctorResult> Out(PortFacts facts)
    {
        Verdicts said = new(facts.Place);
        said.Judge(
            "smtp.out", facts.Trouble is not null,
            $"{facts.Trouble} (it may be that host: see --peer)");
        return said.All;
    }
}
