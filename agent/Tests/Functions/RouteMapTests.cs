using Hearth.Agent.Functions;
using Hearth.Contracts.V1;
using Xunit;

namespace Hearth.Agent.Tests.Functions;

/// <summary>Which route a request takes.</summary>
public sealed class RouteMapTests
{
    private static readonly RouteMap Map = new(
    [
        Route("rest", "/shop/{proxy+}"), Route("item", "/shop/{id}"), Route("list", "/shop"), Route("new", "/shop/new"), Route("post", "/shop/{id}", "POST"),
        Route("part", "/shop/{id}/parts/{part}"), Route("root", "/"), Route("mine", "/shop", host: "shop.example.com"), Route("all", "/{proxy+}", host: "all.example.com"),
    ]);

    [Theory]
    [InlineData("", "GET", "/", "root", "")]
    [InlineData("", "GET", "/shop", "list", "")]
    [InlineData("", "GET", "/shop/", "list", "")]
    [InlineData("", "GET", "/shop/new", "new", "")]
    [InlineData("", "GET", "/shop/7", "item", "id=7")]
    [InlineData("", "POST", "/shop/7", "post", "id=7")]
    [InlineData("", "GET", "/shop/7/parts/a%2Fb", "part", "id=7,part=a%2Fb")]
    [InlineData("", "GET", "/shop/7/other", "rest", "proxy=7/other")]
    [InlineData("", "GET", "/nothing", null, null)]
    [InlineData("", "GET", "/Shop", null, null)]
    [InlineData("shop.example.com", "GET", "/shop", "mine", "")]
    [InlineData("SHOP.example.com", "GET", "/shop", "mine", "")]
    [InlineData("shop.example.com", "GET", "/", null, null)]
    [InlineData("all.example.com", "DELETE", "/a/b/", "all", "proxy=a/b")]
    [InlineData("other.example.com", "GET", "/shop", null, null)]
    public void The_most_specific_one(string host, string method, string path, string? route, string? parameters)
    {
        var match = Map.Find(host, method, path);
        Assert.Equal(route, match?.Route.RouteId);
        Assert.Equal(parameters, match is null ? null : string.Join(',', match.Parameters.Select(p => $"{p.Key}={p.Value}")));
    }

    [Fact]
    public void Hosts_are_known_by_name_and_none_is_not_a_host()
    {
        Assert.True(Map.HasHost("Shop.Example.com"));
        Assert.False(Map.HasHost("example.com"));
        Assert.False(Map.HasHost(""));
        Assert.False(RouteMap.Empty.HasHost("shop.example.com"));
    }

    private static RouteSpec Route(string id, string path, string method = "ANY", string host = "") => new() { RouteId = id, Path = path, Method = method, Host = host };
}
