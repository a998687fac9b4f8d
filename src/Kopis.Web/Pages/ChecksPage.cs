using Kopis.Web.Html;
using Kopis.Web.Live;
using Kopis.Web.Server;

namespace Kopis.Web.Pages;

/// <summary>The report of <c>kopis doctor</c> on DNS, ports, the certificate and files.</summary>
internal static class ChecksPage
{
    internal static Task<Reply> ShowAsync(Visit visit)
    {
        DoctorRun doctor = visit.Dashboard.Doctor;
        Markup form = doctor.IsRunning
            ? Markup.Of($"""
            <p role="status">The checks run; they may take a minute.
            <a href="/checks">Look again</a></p>
            """)
            : $"""
            <form method="post" action="/checks">{Layout.Token(visit.Session)}
            <p><button class="main">Check now</button></p></form>
            """;
        return Task.FromResult(Reply.Page("Checks", $"""
            <p>The host, its domains in DNS and its ports, as <code>kopis doctor</code> sees them
            as the dashboard's user. As root the command sees more: keys, and the queue.</p>
            {form}
            {(doctor.Last is { } report ? Report(report) : Markup.None)}
            """));
    }

    /// <summary>Begins a run.</summary>
    internal static Task<Reply> BeginAsync(Visit visit)
    {
        visit.Dashboard.Doctor.Begin();
        return Task.FromResult(Reply.GoTo("/checks"));
    }

    private static Markup Report(DoctorReport report) => $"""
        {Layout.Warning(report.Fault is { } fault ? Shown.Text(fault) : null)}
        <p>{report.Checked} checks at {Shown.Time(report.Began)} UTC; {report.Findings.Count}
        findings.</p>
        {Markup.Join(report.Findings.Select(Finding))}
        """;

    private static Markup Finding(DoctorFinding one) => $"""
        <section class="finding"><h2>{Shown.Text(one.State)}: {Shown.Text(one.Subject)}
        <span class="id">{Shown.Text(one.Id)}</span></h2>
        <dl class="facts">
        <div><dt>Found</dt><dd>{Shown.Text(one.Text)}</dd></div>
        <div><dt>Wanted</dt><dd>{Shown.Text(one.Wanted)}</dd></div>
        <div><dt>Why</dt><dd>{Shown.Text(one.Why)}</dd></div>
        <div><dt>Mend</dt><dd><code>{Shown.Text(one.Mend)}</code></dd></div>
        </dl></section>

        """;
}
