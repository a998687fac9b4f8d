using Kopis.Web.Login;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Kopis.Web.Server;

/// <summary>One request of an administrator who has signed in.</summary>
/// <param name="Dashboard">The objects that all requests share.</param>
/// <param name="Session">The administrator's session.</param>
/// <param name="Query">The parameters of the address.</param>
/// <param name="Form">The parameters of the body; empty for a page.</param>
/// <param name="Stop">Cancelled when the client is gone.</param>
internal sealed record Visit(
    Dashboard Dashboard, Session Session, IQueryCollection Query, IFormCollection Form,
    CancellationToken Stop)
{
    private const int ValueMax = 1000;

    /// <summary>A parameter of the address; empty if there is none, or more than one.</summary>
    internal string this[string name] => One(Query[name]);

    /// <summary>A parameter of the body; empty if there is none, or more than one.</summary>
    internal string Sent(string name) => One(Form[name]);

    private static string One(StringValues values) =>
        values is [{ Length: <= ValueMax } value] ? value : "";
}
